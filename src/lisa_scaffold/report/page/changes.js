"use strict";
(() => {
  // What is folded on the screen is there on paper.
  const folded = [...document.querySelectorAll("details")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded.filter((each) => !each.open);
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });

  if (navigator.clipboard) {
    for (const patch of document.querySelectorAll("pre[data-copy]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy the patch";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(patch.dataset.copy);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(patch);
          button.textContent = "Selected: copy it by hand";
        }
      });
      patch.before(button);
    }
  }

  const form = document.getElementById("filter");
  if (!form) return;
  const status = document.getElementById("status");
  const nothing = document.getElementById("nothing");
  const files = [...document.querySelectorAll(".file")].map((element) => ({
    element,
    status: element.dataset.status,
    needs: "needs" in element.dataset,
    text: element.textContent.toLowerCase(),
  }));
  const apply = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const file of files) {
      const match =
        (!form.what.value || file.status === form.what.value) &&
        (!form.open.checked || file.needs) &&
        words.every((word) => file.text.includes(word));
      file.element.hidden = !match;
      shown += match;
    }
    nothing.hidden = shown > 0;
    status.textContent = shown < files.length ? `${shown} of ${files.length} files` : `All ${files.length} files`;
  };
  for (const kind of ["input", "change"]) form.addEventListener(kind, apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  const unfold = document.getElementById("unfold");
  const sides = folded.filter((each) => each.classList.contains("sides"));
  unfold.hidden = !sides.length;
  unfold.addEventListener("click", () => {
    const open = sides.some((each) => !each.open);
    for (const each of sides) each.open = open;
    unfold.textContent = open ? "Fold all" : "Unfold all";
  });
  form.hidden = false;
  apply();
})();
