import { join } from 'node:path'
import { scoreCaptures } from '../packages/wire/test/identify/score-captures.ts'

/** Accuracy of identification over labelled captures: `SALLYPORT_TEST_DATA` holds `pcap/` with `labels.jsonl`. */
const data = process.env['SALLYPORT_TEST_DATA']
if (data === undefined) {
  console.error('set SALLYPORT_TEST_DATA to the folder of test data')
  process.exitCode = 2
} else {
  const { misses, ...score } = scoreCaptures(join(data, 'pcap'))
  console.log(misses.join('\n'))
  console.log(JSON.stringify(score))
}
