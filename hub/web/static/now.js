// The map page and the wall: draws the map and keeps it and the words beside it fresh.

import { drawMap } from "./map.js";
import { refreshParts, watch } from "./live.js";

const view = await drawMap(document.getElementById("map"), document.getElementById("legend"));
document.body.dataset.ready = "yes";
watch(async () => {
  await refreshParts();
  await view.refresh();
});
