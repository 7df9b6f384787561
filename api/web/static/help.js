// The keys, over the page: `?` opens, Escape closes. Single letters can be switched off here (WCAG 2.1.4).

const OFF = "keys-off";
export const lettersWork = () => localStorage.getItem(OFF) === null;

export function showHelpButtons() {
  for (const button of document.querySelectorAll(".help-open")) button.hidden = false;
}

export function openHelp() {
  const dialog = document.getElementById("keys-help");
  const toggle = document.getElementById("keys-on");
  if (!dialog) return;
  toggle.checked = lettersWork();
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  showHelpButtons();
  document.addEventListener("click", (click) => { if (click.target.closest(".help-open")) dialog.showModal(); });
  document.addEventListener("keydown", (press) => {
    if (press.key !== "?" || press.ctrlKey || press.metaKey || press.altKey || dialog.open) return;
    if (press.target.closest('input:not([type="radio"], [type="checkbox"], [type="range"]), textarea, select')) return;
    press.preventDefault();
    dialog.showModal();
  });
}
