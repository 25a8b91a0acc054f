"use strict";
(() => {
  const form = document.getElementById("filter");
  // What is folded on the screen is there on paper.
  const folded = [...document.querySelectorAll("details.extra")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded.filter((each) => !each.open);
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
  if (!form) return;

  const status = document.getElementById("status");
  const nothing = document.getElementById("nothing");
  const projects = [...document.querySelectorAll(".project")].map((element) => ({
    element,
    bare: !element.querySelector(".rule"),
    groups: [...element.querySelectorAll(".rule")].map((rule) => ({
      element: rule,
      severity: rule.dataset.severity,
      family: rule.dataset.family,
      findings: [...rule.querySelectorAll(".finding")].map((finding) => ({
        element: finding,
        fixable: "fixable" in finding.dataset,
        text: `${rule.querySelector("h3").textContent} ${finding.textContent}`.toLowerCase(),
      })),
    })),
  }));
  const total = document.querySelectorAll(".finding").length;

  const apply = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { severity, family, fixable } = form;
    const filtered = words.length || severity.value || family.value || fixable.checked;
    let shown = 0;
    for (const project of projects) {
      let inProject = 0;
      for (const group of project.groups) {
        let inGroup = 0;
        const wanted =
          (!severity.value || group.severity === severity.value) &&
          (!family.value || group.family === family.value);
        for (const finding of group.findings) {
          const match =
            wanted &&
            (!fixable.checked || finding.fixable) &&
            words.every((word) => finding.text.includes(word));
          finding.element.hidden = !match;
          inGroup += match;
        }
        group.element.hidden = !inGroup;
        inProject += inGroup;
      }
      project.element.hidden = filtered && !inProject;
      shown += inProject;
    }
    nothing.hidden = shown > 0;
    status.textContent = filtered ? `${shown} of ${total} findings` : `All ${total} findings`;
  };

  for (const kind of ["input", "change"]) form.addEventListener(kind, apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  // A reset is done after its event.
  form.addEventListener("reset", () => setTimeout(apply));
  for (const link of document.querySelectorAll(".summary a[data-family]")) {
    link.addEventListener("click", () => {
      form.reset();
      form.family.value = link.dataset.family;
      apply();
    });
  }
  form.hidden = false;
  apply();
})();
