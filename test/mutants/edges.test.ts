/** What the simulation does not reach, asked the questions that planted bugs answer wrongly. */
import { describe, expect, test } from 'vitest';
import { AT_EDGES } from './at-edges.ts';
import { AT_SERVER } from './at-server.ts';

describe('our server', { timeout: 120_000 }, () => {
  test.each(Object.entries(AT_SERVER))('keeps what the design says of %s', async (_, ask) => {
    expect(await ask()).toEqual([]);
  });
});

describe('at the edges', { timeout: 120_000 }, () => {
  test.each(Object.entries(AT_EDGES))(
    'nothing is believed, shown or lost that must not be: %s',
    async (_, ask) => {
      expect(await ask()).toEqual([]);
    },
  );
});
