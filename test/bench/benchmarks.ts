/** The benchmarks by name, each loaded where it is measured (part.ts). */
import type { Benchmark } from './result.ts';

export const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  kill: async () => (await import('./kill.ts')).kill,
  decision: async () => (await import('./decision.ts')).decision,
  'tick-to-order': async () => (await import('./tick-to-order.ts')).tickToOrder,
  journal: async () => (await import('./journal.ts')).journal,
  'gateway-ibkr': async () => (await import('./gateway-ibkr.ts')).gatewayIbkr,
  play: async () => (await import('./play.ts')).play,
  gateway: async () => (await import('./gateway.ts')).gateway,
  fence: async () => (await import('./fence.ts')).fence,
};
