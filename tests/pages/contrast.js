// Contrast of every text on the page with what is behind it, as of WCAG 2: those below `arguments[0]`.
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const context = canvas.getContext("2d", { willReadFrequently: true });
// Colours one over the other, the last on top, as the browser paints them in sRGB.
const painted = (colours) => {
  context.clearRect(0, 0, 1, 1);
  for (const colour of colours) {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const backgrounds = (element) => {
  const found = [];
  for (let one = element; one; one = one.parentElement) found.unshift(getComputedStyle(one).backgroundColor);
  return found;
};
const hasText = (element) =>
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

const seen = new Map();
let count = 0;
for (const element of document.body.querySelectorAll("*")) {
  if (element.matches("script, option, .spoken, .skip") || !hasText(element)) continue;
  if (!element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const colour = element.closest("svg") ? style.fill : style.color;
  const behind = backgrounds(element);
  const [light, dark] = [luminance(painted([...behind, colour])), luminance(painted(behind))].sort((a, b) => b - a);
  const ratio = (light + 0.05) / (dark + 0.05);
  count += 1;
  if (ratio < arguments[0]) {
    seen.set(`${element.tagName}.${element.className}: ${ratio.toFixed(2)} of ${colour} on ${behind.at(-1)}`, ratio);
  }
}
return [count, [...seen.keys()]];
