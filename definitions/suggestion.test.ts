import assert from 'node:assert/strict';
import test from 'node:test';
import { didYouMean, nearest } from './suggestion.ts';

const FIELDS = ['hypothesis', 'targeting', 'timeZone', 'hold', 'minimum', 'boolean'];

test('finds what was misspelt, abbreviated or spelt in another style', () => {
  const meant = {
    hypotesis: 'hypothesis',
    tageting: 'targeting',
    time_zone: 'timeZone',
    TIMEZONE: 'timeZone',
    hld: 'hold',
    min: 'minimum',
    bool: 'boolean',
  };
  for (const [written, expected] of Object.entries(meant)) assert.equal(nearest(written, FIELDS), expected);
});

test('suggests nothing where nothing is near', () => {
  for (const written of ['', 'x', 'colour', '__proto__', 'y'.repeat(10_000)])
    assert.equal(nearest(written, FIELDS), null);
  assert.equal(didYouMean('hld', FIELDS), ' (did you mean "hold"?)');
  assert.equal(didYouMean('colour', FIELDS), '');
});
