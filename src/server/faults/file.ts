/** The fault file (`serve --faults`): YAML or JSON, checked against schemas/faults.schema.json. */
import type { Simulation } from '../../service/simulation.ts';
import { readSettings } from '../settings-file.ts';
import type { Rule } from './rules.ts';

export interface FaultFile {
  /** For rules with a probability and for the engine; `--seed` goes before it. */
  readonly seed?: number;
  /** Faults of the API. */
  readonly rules?: readonly Rule[];
  /** Delays and failures of the simulated engine. */
  readonly engine?: Simulation;
}

/** Rejects with a UserError that says what in the file is wrong, and where. */
export async function loadFaults(path: string): Promise<FaultFile> {
  return readSettings<FaultFile>(path, 'faults.schema.json', 'EK804');
}
