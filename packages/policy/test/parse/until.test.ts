import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePolicy } from '@sallyport/policy'

function end(until: string, zone: string): string {
  const layer = definePolicy({ sallyport: 1, zone, rules: [{ id: 'a', action: 'allow', until }] })
  return new Date(layer.rules[0]!.untilMs!).toISOString()
}

const ends: readonly (readonly [until: string, zone: string, end: string, why: string])[] = [
  ['2027-03-31', 'UTC', '2027-04-01T00:00:00.000Z', 'through the day'],
  ['2027-12-31', 'UTC', '2028-01-01T00:00:00.000Z', 'over the year'],
  ['2028-02-28', 'UTC', '2028-02-29T00:00:00.000Z', 'leap year'],
  ['2027-03-27', 'Europe/Berlin', '2027-03-27T23:00:00.000Z', 'the day before clocks go forward'],
  ['2027-03-28', 'Europe/Berlin', '2027-03-28T22:00:00.000Z', 'a day of 23 hours'],
  ['2027-10-31', 'Europe/Berlin', '2027-10-31T23:00:00.000Z', 'a day of 25 hours'],
  ['2018-11-03', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', 'the next day begins at one o’clock'],
  ['2018-02-17', 'America/Sao_Paulo', '2018-02-18T03:00:00.000Z', 'midnight comes twice; the day has 25 hours'],
  ['2011-12-29', 'Pacific/Apia', '2011-12-30T10:00:00.000Z', 'the next day was left out'],
  ['2027-01-01', 'Pacific/Kiritimati', '2027-01-01T10:00:00.000Z', 'fourteen hours ahead'],
  ['2027-01-01', 'Asia/Kathmandu', '2027-01-01T18:15:00.000Z', 'quarter hours'],
  ['2027-03-31T18:00:00+02:00', 'Asia/Tokyo', '2027-03-31T16:00:00.000Z', 'an instant has its own offset'],
  ['2027-03-31T18:00:00.25Z', 'UTC', '2027-03-31T18:00:00.250Z', 'fractions'],
]

for (const [until, zone, expected, why] of ends) {
  test(`until ${until} in ${zone}: ${why}`, () => assert.equal(end(until, zone), expected))
}

test('days that do not exist are refused', () => {
  for (const until of [
    '2027-02-29',
    '2027-13-01',
    '2027-00-10',
    '2027-01-01T25:00:00Z',
    '2027-02-30T00:00:00Z',
    '2027-01-01T00:00:00',
  ]) {
    assert.throws(() => end(until, 'UTC'), { name: 'SallyportError' })
  }
})
