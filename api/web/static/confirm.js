// Confirming by keyboard: the plate, Enter, a digit for the class, a digit for the colour, Enter.

/** `compare` gives the machine's reading for what was typed, once; true where the two differ and nobody said why. */
export function leadThrough(form, compare) {
  const plate = form.elements.plate;
  const groups = ["vehicle", "plate_colour"].map((name) => [...form.querySelectorAll(`input[name="${name}"]`)]);

  const focusOn = (radios) => (radios.find((radio) => radio.checked) ?? radios[0]).focus();

  /** To the group that has no choice yet, else to the button. */
  function goOn() {
    const open = groups.find((radios) => !radios.some((radio) => radio.checked));
    const settled = document.getElementById("settled");
    if (open) focusOn(open);
    else if (settled && !settled.checked) settled.focus();
    else document.getElementById("confirm").focus();
  }

  form.addEventListener("keydown", (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey) return;
    if (press.target === plate && press.key === "Enter" && plate.value.trim() !== "") {
      press.preventDefault();
      compare(plate.value).then((differs) => {
        if (differs && document.activeElement.id === "confirm") goOn();
      });
      goOn(); // at once: what is typed next is not for the plate any more
      return;
    }
    if (press.target.id === "settled" && press.key === "Enter") {
      press.preventDefault();
      if (press.target.checked) goOn();
      else plate.focus(); // to correct it
      return;
    }
    const group = groups.find((radios) => radios.includes(press.target));
    if (!group) return;
    const choice = /^[1-9]$/.test(press.key) ? group[Number(press.key) - 1] : undefined;
    if (choice) {
      choice.checked = true;
      choice.dispatchEvent(new Event("input", { bubbles: true }));
      choice.focus();
    }
    if (choice || press.key === "Enter") {
      press.preventDefault();
      press.stopPropagation();
      goOn();
    }
  });
}
