import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readWorldOutlines } from '../src/desk/world-outlines.ts'

suite('outlines of countries', () => {
  const { width, height, countries } = readWorldOutlines()
  const points = (code: string): readonly (readonly [number, number])[] =>
    [...countries[code]!.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])

  test('are there for most countries of the world, under codes of two letters', () => {
    assert.ok(Object.keys(countries).length > 150)
    for (const code of ['DE', 'US', 'BR', 'JP', 'AU', 'ZA']) assert.ok(points(code).length > 5, code)
    assert.equal(countries['AQ'], undefined)
  })

  test('lie where the country does', () => {
    const [[x, y]] = points('NZ') as [[number, number]]
    assert.ok(x > 0.9 * width && y > 0.8 * height)
  })

  test('never go across the map: a country on the date line is drawn at both edges', () => {
    for (const [code, outline] of Object.entries(countries))
      for (const ring of outline.split('Z').filter((each) => each !== '')) {
        const xs = [...ring.matchAll(/(-?[\d.]+),/g)].map(([, x]) => Number(x))
        for (const [at, x] of xs.entries()) assert.ok(at === 0 || Math.abs(x - xs[at - 1]!) < width / 2, code)
      }
    const russia = points('RU').map(([x]) => x)
    assert.ok(Math.min(...russia) < 40 && Math.max(...russia) > width - 40)
  })
})
