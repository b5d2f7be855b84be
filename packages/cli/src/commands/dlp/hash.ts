import { Command } from 'commander'
import { formatExactSet, hashValues, type ExactSet } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import { examples, jsonOption } from '../../input/options.ts'
import { readTextFile } from '../../input/read-text-file.ts'
import { note, printJson } from '../../output/print.ts'
import { writeTextFile } from '../../output/write-text-file.ts'
import type { Answer } from '../answer.ts'

const MOST_BYTES = 256 * 2 ** 20

export function hashCommand(answer: Answer): Command {
  return new Command('hash')
    .description('write values, one a line, as salted hashes that the proxy looks for')
    .argument('<values>', 'a file of values, one a line')
    .requiredOption('--output <file>', 'where the set goes')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport dlp hash customers.txt --output customers.set'))
    .action(async (values: string, { output, json }: { readonly output: string; readonly json?: boolean }) => {
      const set = hashed(values, await readTextFile(values, MOST_BYTES))
      await writeTextFile(output, formatExactSet(set))
      const count = set.hashes.size
      if (json === true) printJson({ values: count, output })
      else note(`sallyport: ${count} values are in ${output}; who has it can try values out`)
      answer(0)
    })
}

function hashed(path: string, text: string): ExactSet {
  try {
    const set = hashValues(text.split(/\r?\n/))
    if (set.hashes.size > 0) return set
  } catch (error) {
    throw new SallyportError('detectors-invalid', `${path}: ${(error as Error).message}`)
  }
  throw new SallyportError('detectors-invalid', `${path} has no values`)
}
