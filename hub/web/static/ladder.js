// The ladder of an owner's datastream: choosing a rung shows what five pairs of eyes would see, before anything is kept.
//
// Markup: <form class="choose"> … <fieldset class="ladder"> <label class="rung" data-grade="home"><input type="radio"
//   name="grade" value="home"> … and for each grade <p class="consequence" data-grade="home">, all `hidden`;
//   .which with its <select name="commons">, an <input name="until">; <button class="button keep">.
// All of it is written by the server, from the gate: nothing is worked out here. Without a script the button is there.

for (const form of document.querySelectorAll(".choose")) {
  const project = form.elements.commons?.value;
  const present = form.querySelector("input[type=radio]:checked")?.value;
  const show = () => {
    const grade = form.querySelector("input[type=radio]:checked")?.value;
    for (const rung of form.querySelectorAll(".rung")) rung.classList.toggle("is", rung.dataset.grade === grade);
    for (const told of form.querySelectorAll(".eyes[data-grade], .consequence[data-grade]")) told.hidden = told.dataset.grade !== grade;
    const which = form.querySelector(".which");
    if (which) which.hidden = grade !== "commons";
    const keep = form.querySelector(".keep");
    if (keep) keep.hidden = grade === present && form.elements.commons?.value === project && !form.elements.until?.value;
  };
  form.addEventListener("change", show);
  show();
}
document.body.dataset.ready = "yes";
