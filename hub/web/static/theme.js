// A theme asked for in the address (?theme=dark) overrules the system's. Runs before the first paint: nothing flashes.
// A classic script on purpose: modules wait for the document.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "dark" || asked === "light") document.documentElement.dataset.theme = asked;
})();
