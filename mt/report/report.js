// Words that belong together light up under the pointer. Marks are drawn by the browser (CSS highlights), so the text stays as it is.
{
  const links = {};
  document.querySelectorAll(".mt-links").forEach((data) => Object.assign(links, JSON.parse(data.textContent)));

  const textOf = (row, side) => row.querySelector(side === "ar" ? ".mt-ar" : ".mt-en > span")?.firstChild;

  const range = (node, start, end) => {
    const made = new Range();
    made.setStart(node, start);
    made.setEnd(node, Math.min(end, node.length));
    return made;
  };

  const under = (event) => {
    const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    if (caret) return [caret.offsetNode, caret.offset];
    const found = document.caretRangeFromPoint?.(event.clientX, event.clientY);
    return found ? [found.startContainer, found.startOffset] : [null, 0];
  };

  const light = (event) => {
    CSS.highlights.delete("mt-aligned");
    const row = event.target.closest?.(".mt-row");
    if (!row || !links[row.id]) return;
    const arabic = textOf(row, "ar"), english = textOf(row, "en");
    const [node, offset] = under(event);
    if (!node || !arabic || !english || (node !== arabic && node !== english)) return;
    const at = node === arabic ? 0 : 2;
    const seeds = links[row.id].filter((link) => link[at] <= offset && offset < link[at + 1]);
    const met = links[row.id].filter((link) => seeds.some((seed) => seed[0] === link[0] || seed[2] === link[2]));
    const ranges = met.flatMap((link) => [range(arabic, link[0], link[1]), range(english, link[2], link[3])]);
    if (ranges.length) CSS.highlights.set("mt-aligned", new Highlight(...ranges));
  };

  if (globalThis.CSS?.highlights) document.addEventListener("pointermove", light);
}
