// The texts with errors: filters by kind, label and words, and keys that go from text to text.
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const docs = [...document.querySelectorAll("#errors .doc")];
  const count = document.getElementById("count");
  const texts = new Map();

  // The text alone, without labels and probabilities.
  const textOf = (doc) => {
    if (!texts.has(doc)) {
      const parts = [...doc.querySelector(".text").childNodes].map((node) =>
        node.nodeName === "MARK" ? node.firstChild.textContent : node.textContent);
      texts.set(doc, parts.join("").toLowerCase());
    }
    return texts.get(doc);
  };
  const hasError = (doc, kind, label) =>
    doc.dataset.errors.split(" ").some((error) => {
      const [itsKind, itsLabel] = error.split(":");
      return (!kind || itsKind === kind) && (!label || itsLabel === label);
    });
  const filter = () => {
    const kind = form.elements.kind.value;
    const label = form.elements.label.value;
    const words = form.elements.words.value.trim().toLowerCase();
    let shown = 0;
    for (const doc of docs) {
      const fits = hasError(doc, kind, label) && (!words || textOf(doc).includes(words));
      if (doc.hidden === fits) doc.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${docs.length} texts`;
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  // The fields are emptied after this event.
  form.addEventListener("reset", () => setTimeout(filter));

  document.addEventListener("keydown", (event) => {
    const step = { j: 1, k: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    const shown = docs.filter((doc) => !doc.hidden);
    const here = shown.indexOf(document.activeElement.closest(".doc"));
    const next = shown[here < 0 ? 0 : here + step];
    if (next) next.focus();
  });
})();
