// The clip: play, step by the frames that the manifest sealed, speed, seek, and the time from the act.

const ACT_SEEN_WITHIN_S = 0.3;
const PACES = ["0.1", "0.25", "0.5", "1", "2"];

/** Seconds from the clip's start of every frame, from the capture times that the manifest seals (µs). */
function frameTimes(clip) {
  const times = clip.dataset.timesUs.split(",").filter(Boolean).map(Number);
  return times.map((time) => (time - times[0]) / 1e6);
}

/** `onAct` is called when the moment of the act is on the screen. */
export function openPlayer(stage, onAct = () => {}) {
  const clip = document.getElementById("clip");
  const bar = document.getElementById("player");
  if (!clip || !bar) return undefined;
  const times = frameTimes(clip);
  const captured = clip.dataset.timesUs.split(",").filter(Boolean).map(Number);
  const first = Number(clip.dataset.timesUs.split(",")[0] || 0);
  const act = clip.dataset.actUs && first ? (Number(clip.dataset.actUs) - first) / 1e6 : 0;
  const seek = document.getElementById("seek");
  const clock = document.getElementById("clock");
  const play = document.getElementById("play");
  const speed = document.getElementById("speed");

  clip.controls = false;
  bar.hidden = false;

  function frameAt(moment) {
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (times[middle] <= moment + 1e-3) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The middle of a frame's own time: where a seek surely lands on it. */
  function middleOf(frame) {
    const next = times[frame + 1] ?? clip.duration;
    return (times[frame] + Math.max(next, times[frame] + 0.002)) / 2;
  }

  function goTo(moment) {
    stage.show("clip");
    if (clip.readyState === 0) {
      clip.addEventListener("loadedmetadata", () => goTo(moment), { once: true });
      return;
    }
    clip.currentTime = Math.min(Math.max(moment, 0), clip.duration || 0);
  }

  function step(count) {
    clip.pause();
    if (times.length < 2) return goTo(clip.currentTime + count * 0.04);
    return goTo(middleOf(Math.min(Math.max(frameAt(clip.currentTime) + count, 0), times.length - 1)));
  }

  function toggle() {
    stage.show("clip");
    if (clip.paused) clip.play();
    else clip.pause();
  }

  function pace(step) {
    const at = PACES.indexOf(speed.value);
    speed.value = PACES[Math.min(Math.max(at + step, 0), PACES.length - 1)];
    clip.playbackRate = Number(speed.value);
  }

  function paint() {
    const offset = clip.currentTime - act;
    const figure = `${offset < 0 ? "−" : "+"}${Math.abs(offset).toFixed(2)} s`;
    const value = document.createElement("strong");
    value.textContent = figure;
    const frame = times.length > 1 ? ` ${frameAt(clip.currentTime) + 1}/${times.length}` : "";
    clock.replaceChildren(value, frame);
    if (clip.duration && document.activeElement !== seek) seek.value = String(Math.round((clip.currentTime / clip.duration) * 1000));
    seek.setAttribute("aria-valuetext", seek.dataset.position.replace("%s", figure));
    clip.dispatchEvent(new CustomEvent("moment", { detail: captured[frameAt(clip.currentTime)] ?? 0 }));
    if (clip.readyState > 1 && Math.abs(offset) < ACT_SEEN_WITHIN_S) onAct();
  }

  function paintWhilePlaying() {
    paint();
    if (!clip.paused) requestAnimationFrame(paintWhilePlaying);
  }

  function showPlaying() {
    play.classList.toggle("playing", !clip.paused);
    play.setAttribute("aria-label", clip.paused ? play.dataset.play : play.dataset.pause);
    paintWhilePlaying();
  }

  for (const name of ["play", "pause", "ended"]) clip.addEventListener(name, showPlaying);
  for (const name of ["seeked", "loadedmetadata"]) clip.addEventListener(name, paint);
  clip.addEventListener("click", toggle);
  play.addEventListener("click", toggle);
  speed.addEventListener("change", () => pace(0));
  seek.addEventListener("input", () => goTo((Number(seek.value) / 1000) * clip.duration));
  document.getElementById("frame-back").addEventListener("click", () => step(-1));
  document.getElementById("frame-forward").addEventListener("click", () => step(1));
  document.getElementById("to-act").addEventListener("click", () => { clip.pause(); goTo(act); });
  paint();

  return { toggle, step, pace, toAct: () => { clip.pause(); goTo(act); } };
}
