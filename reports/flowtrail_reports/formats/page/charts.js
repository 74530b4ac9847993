"use strict";
// Draws the figures that the page carries as data. Nothing is loaded, nothing is sent.
for (const holder of document.querySelectorAll("[data-figure]")) {
  const figure = JSON.parse(document.getElementById(holder.dataset.figure).textContent);
  holder.textContent = "";
  Plotly.newPlot(holder, figure.data, figure.layout, {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    showEditInChartStudio: false,
    plotlyServerURL: "",
    modeBarButtonsToRemove: ["sendDataToCloud", "select2d", "lasso2d", "autoScale2d"],
  });
}
// Paper has another width than the window.
const resize = () => document.querySelectorAll("[data-figure]").forEach((holder) => Plotly.Plots.resize(holder));
window.addEventListener("beforeprint", resize);
window.addEventListener("afterprint", resize);
