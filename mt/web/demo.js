// What moves on the page: jumping to a segment, lighting up what supports a summary sentence, copying.
// The listeners sit on the document, because the result is drawn anew while a translation runs.
() => {
  const target = (link) => document.getElementById(link.getAttribute("href").slice(1));

  const light = (sentence, on) =>
    sentence.querySelectorAll(".mt-chip").forEach((chip) => target(chip)?.classList.toggle("mt-lit", on));

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const scroll = (element, block) => element.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block });

  const jump = (element) => {
    scroll(element, "center");
    element.focus({ preventScroll: true });
    document.querySelectorAll(".mt-here").forEach((old) => old.classList.remove("mt-here"));
    element.classList.add("mt-here");
  };

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const box = Object.assign(document.createElement("textarea"), { value: text }); // plain http has no clipboard object
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  };

  document.addEventListener("click", async (event) => {
    const link = event.target.closest(".mt-chip, .mt-back");
    if (link && target(link)) {
      event.preventDefault(); // a fragment link would lose the query of the address, and with it the theme
      jump(target(link));
    }
    if (event.target.closest("#mt-translate")) {
      const answer = document.getElementById("mt-answer"); // on a phone it is below the form
      if (answer.getBoundingClientRect().top > innerHeight * 0.7) scroll(answer, "start");
    }
    const button = event.target.closest(".mt-copy");
    if (button) {
      const rows = [...document.querySelectorAll(".mt-block")].map((block) =>
        [...block.querySelectorAll(".mt-en > span:not(.mt-missing)")].map((span) => span.textContent).join(" "));
      await copy(rows.join("\n\n"));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy English"), 1500);
    }
  });

  // Correcting on the page: the English becomes editable, and what is kept goes through two unseen parts of the form.
  const edit = (row) => {
    const cell = row.querySelector(".mt-en"), english = cell.querySelector("span");
    const before = english.textContent;
    const close = () => {
      english.removeAttribute("contenteditable");
      cell.classList.remove("mt-editing");
    };
    const save = () => {
      close();
      const box = document.querySelector("#mt-correction textarea, #mt-correction input");
      box.value = JSON.stringify({ source: row.querySelector(".mt-ar").textContent, english: english.textContent });
      box.dispatchEvent(new Event("input", { bubbles: true }));
      setTimeout(() => document.querySelector("#mt-keep").click(), 50); // once the form has taken the text
    };
    if (cell.classList.contains("mt-editing")) return save();
    cell.classList.add("mt-editing");
    english.setAttribute("contenteditable", "plaintext-only");
    english.setAttribute("role", "textbox");
    english.setAttribute("aria-label", "Corrected English");
    english.focus();
    english.onkeydown = (event) => {
      if (event.key === "Enter") event.preventDefault();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
      if (event.key === "Escape") {
        english.textContent = before;
        close();
      }
    };
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".mt-correct");
    if (button && document.querySelector("#mt-correction")) edit(button.closest(".mt-row"));
  });

  for (const [name, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
    document.addEventListener(name, (event) => {
      const sentence = event.target.closest?.(".mt-summary li");
      if (sentence) light(sentence, on);
    });
  }
}
