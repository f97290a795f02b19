// The pages of a property and of a thing: draws the chart from its columns and keeps it and the words fresh.

import { drawChart } from "./chart.js";
import { refreshParts, watch } from "./live.js";

const box = document.getElementById("chart");
const chart = box ? await drawChart(box, document.getElementById("readout")) : null;
document.body.dataset.ready = "yes";
watch(async () => {
  await refreshParts();
  await chart?.refresh();
});
