// What was typed survives an ended session: kept in this tab until the case is decided.

export function keepDraft(form) {
  const name = `draft-${form.dataset.case}`;
  const kept = JSON.parse(sessionStorage.getItem(name) ?? "{}");
  for (const [field, value] of Object.entries(kept)) {
    const control = form.elements[field];
    if (!control) continue;
    const isEmpty = control.value === "";
    if (isEmpty) control.value = value;
  }
  form.addEventListener("input", () => {
    const typed = new FormData(form);
    const keep = {};
    for (const field of ["plate", "vehicle", "plate_colour"]) if (typed.get(field)) keep[field] = typed.get(field);
    sessionStorage.setItem(name, JSON.stringify(keep));
  });
}
