/** Records of writes come from a server that is not trusted: what is no record is left out, and nothing grows without bound. */
import { expect, test } from 'vitest';
import { readActions } from '../../src/api/actions.ts';

test('a record is read with the keys of its body, never with their values', () => {
  const record = {
    action: 'Service Update',
    method: 'PATCH',
    user: 'ann',
    user_agent: 'tutum-cli/0.20',
    ip: '10.0.0.7',
    start_date: 'Tue, 24 Nov 2026 14:02:00 +0000',
    body: '{"target_num_containers":5,"container_envvars":[{"key":"A","value":"canary"}]}',
  };
  const lines = readActions({ objects: [record] });
  expect(lines).toEqual([
    {
      action: 'Service Update',
      method: 'PATCH',
      user: 'ann',
      agent: 'tutum-cli/0.20',
      ip: '10.0.0.7',
      at: 'Tue, 24 Nov 2026 14:02:00 +0000',
      fields: ['target_num_containers', 'container_envvars'],
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('canary');
});

test.each([undefined, null, 'text', [], {}, { objects: {} }])('%j is no list of records', (body) => {
  expect(readActions(body)).toBeUndefined();
});

test('what is odd inside of a list is text without content, or cut', () => {
  const lines = readActions({
    objects: [null, 7, { user: 7, body: '{"a":' }, { user_agent: 'x'.repeat(100_000), body: [1] }],
  });
  expect(lines).toHaveLength(2);
  expect(lines?.[0]).toMatchObject({ user: '', fields: [] });
  expect(lines?.[1]?.agent.length).toBeLessThan(200);
});
