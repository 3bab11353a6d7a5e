/** Whose a live service is, and what is remembered of it (design §6). */
import { describe, expect, test } from 'vitest';
import { claimsByName, isOwned, match } from '../../src/decide/match.ts';
import { type Memory, NO_MEMORY } from '../../src/service/memory.ts';
import type { Live, Wish } from '../../src/service/service.ts';
import { claim } from '../support/fleet.ts';
import { live, wish } from '../support/services.ts';

const MINE = { owner: 'default', name: 'web', attempt: 'a', in: 'container_envvars' } as const;
const OTHERS = { ...MINE, owner: 'other' } as const;
const journal = (over: Partial<Memory> = {}): Memory => ({ ...NO_MEMORY, ...over });
const CLAIMED = journal({ claims: new Map([claim('web')]) });
const CLAIMS_ANOTHER = journal({ claims: new Map([claim('db')]) });
const CLAIMED_AS_ANOTHER = journal({ claims: new Map([claim('db', { uuid: 'u-web' })]) });

const matched = (services: readonly Live[], memory: Memory = NO_MEMORY, over: Partial<Wish> = {}) =>
  match(wish('web', over), services, memory, 'default', claimsByName(memory).get('web') ?? []);

function drawn(services: readonly Live[], memory?: Memory, over?: Partial<Wish>): string {
  const found = matched(services, memory, over);
  if (found.kind === 'matched') return `${found.live.uuid} by ${found.ownership}`;
  if (found.kind === 'foreign') return `foreign ${found.owner ?? '-'}`;
  return found.kind === 'namesakes'
    ? `namesakes ${found.uuids.join(' ')}`
    : `none, twin ${found.twin ?? '-'}`;
}

describe('one live service of the name', () => {
  test.each<readonly [string, Live['mark'], Memory, Partial<Wish>, string, boolean]>([
    ['with our mark is ours', MINE, NO_MEMORY, {}, 'u-web by mark', true],
    ['with our mark is ours without adoption too', MINE, CLAIMED, { adopt: true }, 'u-web by mark', true],
    ['without a mark, in the journal, is ours', null, CLAIMED, {}, 'u-web by journal', true],
    ['whose mark is not shown, in the journal, is ours', undefined, CLAIMED, {}, 'u-web by journal', true],
    ['with another owner’s mark is foreign', OTHERS, NO_MEMORY, {}, 'foreign other', false],
    [
      'with another owner’s mark is foreign whatever the journal says',
      OTHERS,
      CLAIMED,
      {},
      'foreign other',
      false,
    ],
    [
      'with another owner’s mark is foreign whatever adopt says',
      OTHERS,
      NO_MEMORY,
      { adopt: true },
      'foreign other',
      false,
    ],
    ['without a mark is foreign', null, NO_MEMORY, {}, 'foreign -', false],
    [
      'without a mark is adopted where the manifest says so',
      null,
      NO_MEMORY,
      { adopt: true },
      'u-web by adopted',
      false,
    ],
    ['in the journal is ours rather than adopted', null, CLAIMED, { adopt: true }, 'u-web by journal', true],
    [
      'whose mark is not shown is unverified without a journal',
      undefined,
      NO_MEMORY,
      {},
      'u-web by unverified',
      false,
    ],
    [
      'whose mark is not shown can be adopted',
      undefined,
      NO_MEMORY,
      { adopt: true },
      'u-web by adopted',
      false,
    ],
    [
      'whose mark is not shown is foreign to a journal that knows others',
      undefined,
      CLAIMS_ANOTHER,
      {},
      'foreign -',
      false,
    ],
    ['that the journal claims by another name is foreign', null, CLAIMED_AS_ANOTHER, {}, 'foreign -', false],
  ])('%s', (_, mark, memory, over, expected, owned) => {
    expect(drawn([live('web', { mark })], memory, over)).toBe(expected);
    expect(isOwned(live('web', { mark }), memory, 'default')).toBe(owned);
  });

  test('in a state nobody knows is matched all the same', () => {
    expect(drawn([live('web', { state: { unknown: 'Paused' } })])).toBe('u-web by mark');
  });
});

describe('several of the name', () => {
  const gone = live('web', { uuid: 'u-old', state: 'Terminated' });
  const going = live('web', { uuid: 'u-going', state: 'Terminating' });
  const foreignGoing = live('web', { uuid: 'u-going', state: 'Terminating', mark: OTHERS });
  test.each<readonly [string, readonly Live[], Partial<Wish>, string]>([
    ['a Terminated twin is passed over', [gone, live('web')], {}, 'u-web by mark'],
    ['only a Terminated twin is none', [gone], {}, 'none, twin u-old'],
    ['a Terminating one beside a new one is passed over', [going, live('web')], {}, 'u-web by mark'],
    ['a foreign Terminating one beside a new one too', [live('web'), foreignGoing], {}, 'u-web by mark'],
    ['only a Terminating one is waited out', [going, gone], {}, 'u-going by leaving'],
    ['only a Terminating one is waited out whoever owns it', [foreignGoing], {}, 'u-going by leaving'],
    ['two live ones are namesakes', [live('web', { uuid: 'u-2' }), live('web')], {}, 'namesakes u-2 u-web'],
    [
      'adopting does not choose between two',
      [live('web', { uuid: 'u-2', mark: null }), live('web', { mark: null })],
      { adopt: true },
      'namesakes u-2 u-web',
    ],
    [
      'a foreign namesake counts',
      [live('web', { uuid: 'u-2', mark: OTHERS }), live('web')],
      {},
      'namesakes u-2 u-web',
    ],
    [
      'one in an unknown state counts',
      [live('web', { uuid: 'u-2', state: { unknown: 'x' } }), live('web')],
      {},
      'namesakes u-2 u-web',
    ],
    ['none at all is none', [], {}, 'none, twin -'],
  ])('%s', (_, services, over, expected) => {
    expect(drawn(services, NO_MEMORY, over)).toBe(expected);
    expect(drawn(services.toReversed(), NO_MEMORY, over)).toBe(expected);
  });
});

describe('what is remembered of a live service', () => {
  const memory = (service: Partial<Live>, journalled: Memory = NO_MEMORY) => {
    const found = matched([live('web', service)], journalled, { adopt: true });
    if (found.kind !== 'matched') throw new Error(found.kind);
    return found.remembered;
  };
  const claimed = (token: string | null, started = true) =>
    journal({ claims: new Map([claim('web', { redeployToken: token, started })]) });

  test.each<readonly [string, Partial<Live>, Memory, string | null | undefined]>([
    ['the server’s record comes first', { redeployToken: 's' }, claimed('j'), 's'],
    ['also when the server has recorded none', { redeployToken: null }, claimed('j'), null],
    ['else the journal’s', {}, claimed('j'), 'j'],
    ['a journal that claims it and recorded none knows that', {}, claimed(null), null],
    [
      'an adopted one’s token is noted by uuid',
      { mark: null },
      journal({ tokens: new Map([['u-web', 't']]) }),
      't',
    ],
    ['no memory at all', { mark: null }, NO_MEMORY, undefined],
    ['our mark alone is no memory of a token', {}, NO_MEMORY, undefined],
  ])('redeploy token: %s', (_, service, journalled, expected) => {
    expect(memory(service, journalled).redeployToken).toBe(expected);
  });

  test.each<readonly [string, Partial<Live>, Memory, boolean]>([
    ['a date of deployment says so', { deployedAt: 5 }, NO_MEMORY, true],
    ['the epoch is a date', { deployedAt: 0 }, NO_MEMORY, true],
    ['the journal’s accepted start says so', { deployedAt: null }, claimed(null), true],
    ['a claim without a start does not', { deployedAt: null }, claimed(null, false), false],
    ['nothing reported, nothing journalled', { deployedAt: undefined }, NO_MEMORY, false],
  ])('deployed before: %s', (_, service, journalled, expected) => {
    expect(memory(service, journalled).deployedBefore).toBe(expected);
  });
});

describe('what is remembered of one that is gone', () => {
  const gone = (over: Partial<Live> = {}) => live('web', { uuid: 'u-old', state: 'Terminated', ...over });
  const recalled = (services: readonly Live[], journalled: Memory = NO_MEMORY) => {
    const found = matched(services, journalled);
    if (found.kind !== 'none' && found.kind !== 'matched') throw new Error(found.kind);
    return found.remembered;
  };
  const claims = (...tokens: readonly (string | null)[]) =>
    journal({
      claims: new Map(
        tokens.map((token, at) =>
          claim('web', { uuid: `u-${at}`, redeployToken: token, started: at === 0, gone: true }),
        ),
      ),
    });

  test.each<readonly [string, readonly Live[], Memory, boolean]>([
    ['a Terminated record with our mark', [gone()], NO_MEMORY, true],
    [
      'a Terminated record with our mark whose date is not reported',
      [gone({ deployedAt: undefined })],
      NO_MEMORY,
      true,
    ],
    [
      'a Terminated record beside one that was made anew and not started',
      [gone(), live('web', { state: 'Init', deployedAt: null })],
      NO_MEMORY,
      true,
    ],
    ['a Terminated record that was never deployed is none', [gone({ deployedAt: null })], NO_MEMORY, false],
    [
      'one of two Terminating ones',
      [
        gone({ state: 'Terminating', uuid: 'u-1' }),
        gone({ state: 'Terminating', uuid: 'u-2', mark: null, deployedAt: undefined }),
      ],
      NO_MEMORY,
      true,
    ],
    ['another owner’s Terminated record is none', [gone({ mark: OTHERS })], NO_MEMORY, false],
    ['an unmarked Terminated record is none', [gone({ mark: null })], NO_MEMORY, false],
    [
      'a record without a date that the journal never started is none',
      [gone({ deployedAt: undefined })],
      journal({ claims: new Map([claim('web', { uuid: 'u-old', started: false })]) }),
      false,
    ],
    ['a Terminating one with our mark', [gone({ state: 'Terminating' })], NO_MEMORY, true],
    ['the journal’s accepted start, of whichever uuid', [], claims(null, null), true],
    ['a journal that knows only another name', [], CLAIMS_ANOTHER, false],
    ['nothing', [], NO_MEMORY, false],
  ])('deployed before: %s', (_, services, journalled, expected) => {
    expect(recalled(services, journalled).deployedBefore).toBe(expected);
  });

  test.each<readonly [string, readonly Live[], Memory, string | null | undefined]>([
    ['the Terminated record’s', [gone({ redeployToken: 's' })], claims('j'), 's'],
    ['a Terminated record that recorded none knows that', [gone({ redeployToken: null })], NO_MEMORY, null],
    ['that record comes before the journal', [gone({ redeployToken: null })], claims('j'), null],
    [
      'of two records the one deployed last',
      [
        gone({ uuid: 'u-z', redeployToken: 'first', deployedAt: 1 }),
        gone({ uuid: 'u-a', redeployToken: 'last', deployedAt: 2 }),
      ],
      NO_MEMORY,
      'last',
    ],
    ['the journal’s newest claim', [], claims('one', 'two'), 'two'],
    ['the journal’s newest claim, which recorded none', [], claims('one', null), null],
    [
      'another owner’s record is not ours to read',
      [gone({ mark: OTHERS, redeployToken: 's' })],
      NO_MEMORY,
      undefined,
    ],
    ['nothing', [], NO_MEMORY, undefined],
  ])('redeploy token: %s', (_, services, journalled, expected) => {
    expect(recalled(services, journalled).redeployToken).toBe(expected);
    expect(recalled(services.toReversed(), journalled).redeployToken).toBe(expected);
  });
});
