"use strict";
(() => {
  const form = document.getElementById("filter");
  const table = document.getElementById("projects");
  const body = table.tBodies[0];
  const status = document.getElementById("status");
  const nothing = document.getElementById("nothing");
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((element, number) => ({
    element,
    number,
    state: element.dataset.state,
    practice: element.dataset.practice,
    must: "must" in element.dataset,
    cells: [...element.cells].map((cell) => cell.textContent.trim()),
    text: [element.textContent, element.dataset.kind, element.dataset.codes].join(" ").toLowerCase(),
  }));
  const order = new Intl.Collator("en", { numeric: true });
  let sorted = "";

  // All that can be set stands in the address, so that it can be sent to somebody.
  const read = () => new URLSearchParams(location.hash.slice(1));
  const write = () => {
    const wanted = new URLSearchParams();
    if (form.text.value) wanted.set("text", form.text.value);
    if (form.state.value) wanted.set("state", form.state.value);
    if (form.practice.value) wanted.set("practice", form.practice.value);
    if (form.must.checked) wanted.set("must", "1");
    if (sorted) wanted.set("sort", sorted);
    history.replaceState(null, "", `#${wanted}`);
  };

  const apply = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const match =
        (!form.state.value || row.state === form.state.value) &&
        (!form.practice.value || row.practice === form.practice.value) &&
        (!form.must.checked || row.must) &&
        words.every((word) => row.text.includes(word));
      row.element.hidden = !match;
      shown += match;
    }
    nothing.hidden = shown > 0;
    status.textContent =
      shown === rows.length ? `All ${rows.length} projects` : `${shown} of ${rows.length} projects`;
    const name = sorted.replace(/^-/, "");
    const column = heads.findIndex((head) => head.dataset.sort === name);
    const back = sorted.startsWith("-") ? -1 : 1;
    for (const head of heads) head.removeAttribute("aria-sort");
    if (column >= 0) heads[column].setAttribute("aria-sort", back < 0 ? "descending" : "ascending");
    const compare = (one, other) =>
      (column >= 0 && back * order.compare(one.cells[column], other.cells[column])) ||
      one.number - other.number;
    body.append(...[...rows].sort(compare).map((row) => row.element));
  };

  const show = (focus) => {
    const named = location.hash.slice(1);
    const chosen = named.startsWith("p:") && document.getElementById(named);
    for (const each of document.querySelectorAll(".chosen")) each.classList.remove("chosen");
    document.body.classList.toggle("one", Boolean(chosen));
    if (chosen) {
      chosen.classList.add("chosen");
      if (focus) chosen.focus();
      scrollTo(0, 0);
      return;
    }
    const wanted = read();
    form.text.value = wanted.get("text") || "";
    form.state.value = wanted.get("state") || "";
    form.practice.value = wanted.get("practice") || "";
    form.must.checked = wanted.has("must");
    sorted = wanted.get("sort") || "";
    apply();
  };

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const name = head.dataset.sort;
      sorted = sorted === name ? `-${name}` : name;
      write();
      apply();
    });
  }
  for (const kind of ["input", "change"]) {
    form.addEventListener(kind, () => {
      write();
      apply();
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  // A reset is done after its event.
  form.addEventListener("reset", () =>
    setTimeout(() => {
      sorted = "";
      write();
      apply();
    }),
  );
  addEventListener("hashchange", () => show(true));
  // The way back leads to the list as it was left.
  const back = document.querySelector(".back a");
  back.addEventListener("click", (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams();
    if (form.text.value) wanted.set("text", form.text.value);
    if (form.state.value) wanted.set("state", form.state.value);
    if (form.practice.value) wanted.set("practice", form.practice.value);
    if (form.must.checked) wanted.set("must", "1");
    if (sorted) wanted.set("sort", sorted);
    location.hash = `#${wanted}`;
    if (document.body.classList.contains("one")) show(true);
    table.focus();
  });
  form.hidden = false;
  show(false);
})();
