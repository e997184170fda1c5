"use strict";

// The colours of the page: those of the system until the button is pressed. Nothing is remembered.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  show();
})();

// On paper nothing can be opened: all is.
(() => {
  const print = matchMedia("print");
  let opened = [];
  const change = (event) => {
    if (event.matches) {
      opened = [...document.querySelectorAll("details:not([open])")];
      for (const one of opened) one.open = true;
    } else {
      for (const one of opened) one.open = false;
      opened = [];
    }
  };
  print.addEventListener("change", change);
})();

// Tables that are sorted by a column: numbers by `data-value`, the largest first; texts by what they say.
(() => {
  const read = (row, column) => {
    const cell = row.cells[column];
    const holder = cell.matches("[data-value]") ? cell : cell.querySelector("[data-value]");
    return holder ? Number(holder.dataset.value) : cell.textContent.trim();
  };
  const compare = (one, other) => {
    if (typeof one === "number") return one - other;
    return one.localeCompare(other);
  };
  const sort = (table, header) => {
    const column = header.cellIndex;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [read(row, column), row]);
    const numeric = rows.some(([value]) => typeof value === "number");
    const before = header.getAttribute("aria-sort");
    const descending = before ? before === "ascending" : numeric;
    rows.sort(([one], [other]) => {
      // What has no number comes last, whichever way.
      if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
      return descending ? compare(other, one) : compare(one, other);
    });
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    body.append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, header));
      header.append(button);
    }
  }
})();
