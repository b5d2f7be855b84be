/**
 * `npm run faults -- kills|spool-disk|store-disk|store-away|clock|flood|rush|all [SEED [MORE…]]`: a guarded host under load, and what may go wrong around it. Nothing
 * that is denied may pass; of the load each flow is stored, counted as dropped, or, where its process was killed, was in its hands.
 */
import { ALL_SCENES } from '../test/e2e/faults/all-scenes.ts'

/** Flows that are not of the load may be among those dropped. */
const MOST_OTHERS = 20

const [name = 'all', given, ...more] = process.argv.slice(2)
const chosen = Object.entries(ALL_SCENES).filter(([known]) => name === 'all' || name === known)
if (chosen.length === 0) {
  console.error(`usage: npm run faults -- all|${Object.keys(ALL_SCENES).join('|')} [SEED [MORE…]]`)
  process.exit(2)
}
const seed = given === undefined ? Date.now() & 0xffff : Number(given)
for (const [scene, play] of chosen) {
  const { mostLost, faults, ...told } = await play(seed, ...more.map(Number))
  const { tried, passed, stored, dropped } = told
  const unaccounted = tried - stored - Object.values(dropped).reduce((sum, count) => sum + count, 0)
  console.log(JSON.stringify({ scene, seed, unaccounted, faults, ...told }))
  if (faults.length + passed > 0 || unaccounted < -MOST_OTHERS || unaccounted > mostLost) process.exitCode = 1
}
