/**
 * Colours as functions that are handed in, so that a renderer stays a pure function of its input. `PLAIN` is what a
 * pipe, a file and `NO_COLOR` get.
 */
export type Colour = (text: string) => string;

export interface Paint {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly red: Colour;
  readonly green: Colour;
  readonly yellow: Colour;
  readonly cyan: Colour;
}

const as: Colour = (text) => text;

export const PLAIN: Paint = { bold: as, dim: as, red: as, green: as, yellow: as, cyan: as };
