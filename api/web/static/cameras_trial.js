// What the rules would have claimed: in words, on the drawing, and as pictures for those who may see them.

import { fill } from "./cameras_draw.js";

function tag(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function showTrial(answer, section, words, drawing) {
  const trial = answer.content;
  const body = section.querySelector("#trial-body");
  const values = { count: trial.claims.length + trial.claims_left_out, seconds: trial.seconds.toFixed(1), frames: trial.frames };
  section.hidden = false;
  if (trial.problem) {
    body.replaceChildren(tag("p", { className: "problem", lang: "en" }, `${trial.problem_place}: ${trial.problem}`));
    return;
  }
  const told = tag("p", {}, fill(trial.claims.length ? words.claims : words.claims_none, values));
  const list = tag("ul", { className: "plain claims" }, ...trial.claims.map((claim, n) => lineOf(claim, n, answer, words, drawing)));
  const checks = tag("ul", { className: "plain", lang: "en" }, ...trial.checks.map((check) => tag("li", {}, `${{ able: "✓", unsure: "?", not_able: "✗" }[check.state]} ${check.what}: ${check.because}`)));
  body.replaceChildren(told, list, checks);
  drawing.show({ claims: trial.claims });
}

function lineOf(claim, n, answer, words, drawing) {
  const name = fill(words.claim, { rule: words[`rule_${claim.rule}`] ?? claim.rule, vehicle: words[`vehicle_${claim.vehicle}`], second: (claim.at_ms / 1000).toFixed(1) });
  const show = tag("button", { type: "button", className: "quiet" }, words.show);
  show.setAttribute("aria-label", `${words.show}: ${name}`);
  show.addEventListener("click", () => drawing.show({ claims: [claim] }));
  const line = tag("li", {}, tag("strong", {}, name), " ", show);
  if (claim.picture && answer.pictures.includes(claim.picture)) {
    line.append(tag("img", { src: `/cameras/answers/${answer.id}/${claim.picture}`, alt: fill(words.claim_picture, { n: n + 1 }), loading: "lazy" }));
  }
  return line;
}
