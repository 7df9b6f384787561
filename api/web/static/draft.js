// What was typed survives an ended session: kept in this tab until the case is decided, and never longer.

const nameOf = (caseId) => `draft-${caseId}`;
const FIELDS = ["plate", "vehicle", "plate_colour"];

export function keepDraft(form) {
  const name = nameOf(form.dataset.case);
  const kept = JSON.parse(sessionStorage.getItem(name) ?? "{}");
  for (const [field, value] of Object.entries(kept)) {
    const control = form.elements[field];
    if (control && control.value === "") control.value = value;
  }
  form.addEventListener("input", () => {
    const typed = new FormData(form);
    const keep = {};
    for (const field of FIELDS) if (typed.get(field)) keep[field] = typed.get(field);
    sessionStorage.setItem(name, JSON.stringify(keep));
  });
}

export const forgetDraft = (caseId) => sessionStorage.removeItem(nameOf(caseId));

export function forgetDrafts() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(nameOf(""))) sessionStorage.removeItem(name);
}
