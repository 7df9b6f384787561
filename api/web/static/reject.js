// The reasons to reject: X opens them, one letter chooses, Enter sends, Escape closes.

export function openReject() {
  const panel = document.getElementById("reject");
  const form = document.getElementById("reject-form");
  if (!panel || !form) return undefined;
  const cancel = document.getElementById("reject-cancel");

  function close() {
    panel.open = false;
    panel.querySelector("summary").focus();
  }

  panel.addEventListener("toggle", () => {
    if (!panel.open) return;
    (form.querySelector("input:checked") ?? form.querySelector('input[type="radio"]')).focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  });
  cancel.hidden = false;
  cancel.addEventListener("click", close);

  /** True where the key was meant for this panel. */
  function takes(press) {
    if (!panel.open) return false;
    if (press.key === "Escape") { close(); return true; }
    if (press.key === "Enter" && !press.target.closest("button, summary, a")) {
      press.preventDefault();
      form.requestSubmit();
      return true;
    }
    const choice = form.querySelector(`[data-reason-key="${CSS.escape(press.key.toLowerCase())}"]`);
    if (!choice) return false;
    press.preventDefault();
    choice.checked = true;
    choice.focus({ preventScroll: true });
    choice.closest("label").scrollIntoView({ block: "nearest" });
    return true;
  }

  return { takes, open: () => { panel.open = true; } };
}
