import type { DomainEvent } from '#trading/model/events.ts';
import type { SystemOptions } from './system-options.ts';

/** The first facts of a run. `epoch` counts the runs of this journal from 1. */
export function runBegins(options: SystemOptions, epoch: number): readonly DomainEvent[] {
  const { version, market, seed, configHash, plan, settings, settingsSource } = options;
  return [
    { type: 'system.started', body: { version, market, seed: String(seed), epoch, configHash, play: plan.label } },
    { type: 'settings.loaded', body: { settings, source: settingsSource } },
  ];
}
