/**
 * PX-1: everything random about a paper order, derived from the recorded seed and the order's own id: the same whatever else happened
 * before or between, and derived again by anyone who has the journal.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { ONE, ratio, type Ratio } from '../money/decimal.ts';
import type { PaperDraws } from '../model/order.ts';
import type { PaperRules } from '../model/settings.ts';

/** 48 bits a draw: as many as stay exact in a float64 with room to spare. */
const DRAW_BYTES = 6;
const DRAW_RANGE = 2 ** (8 * DRAW_BYTES);
/** A partial fill takes 0.2 to 0.8 of the order, in steps of 0.0001. */
const FRACTION_MIN_STEPS = 2_000;
const FRACTION_MAX_STEPS = 8_000;
const FRACTION_STEPS = 10_000;

/**
 * What is in force of PX-1: off, an order fills at the touch and whole; its latency stays, because the journal comes between anyway.
 */
export const rulesInForce = (rules: PaperRules): PaperRules =>
  rules.harsh ? rules : { ...rules, slippageBps: 0, partialProbability: 0, fillDepth: 'touch' };

/** The draws of an order: latency, whole milliseconds from `latencyMsMin` to `latencyMsMax`, and the part that fills. */
export function drawOrder(seed: string, clientOrderId: string, rules: PaperRules): PaperDraws {
  const [first, second, third] = uniforms(seed, clientOrderId);
  const { latencyMsMin, latencyMsMax, partialProbability } = rulesInForce(rules);
  const latencyMs = latencyMsMin + Math.floor(first * (latencyMsMax - latencyMsMin + 1));
  return { seed, latencyMs, fillFraction: fractionOf(second, third, partialProbability) };
}

/** The draws of a resting order that a quote triggers (bracket, flatten): no latency, and a part of its own by fill. */
export function drawTriggered(seed: string, fillId: string, rules: PaperRules): PaperDraws {
  const [, second, third] = uniforms(seed, fillId);
  return { seed, latencyMs: 0, fillFraction: fractionOf(second, third, rulesInForce(rules).partialProbability) };
}

function fractionOf(chance: number, part: number, partialProbability: number): Ratio {
  if (chance >= partialProbability) return ONE;
  const steps = FRACTION_MIN_STEPS + Math.floor(part * (FRACTION_MAX_STEPS - FRACTION_MIN_STEPS + 1));
  return ratio(steps / FRACTION_STEPS);
}

/** Three numbers in [0, 1). As a JSON array no two pairs of seed and id share one text. */
function uniforms(seed: string, id: string): readonly [number, number, number] {
  const digest = sha256(utf8ToBytes(JSON.stringify([seed, id])));
  const uniform = (index: number): number => {
    let value = 0;
    for (const byte of digest.subarray(index * DRAW_BYTES, (index + 1) * DRAW_BYTES)) value = value * 256 + byte;
    return value / DRAW_RANGE;
  };
  return [uniform(0), uniform(1), uniform(2)];
}
