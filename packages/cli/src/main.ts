#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Types are stripped and code is compiled once for each state of a file, beside the packages and as trusted as they are.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/sallyport'))

const { reportFailure } = await import('./failure.ts')
const { ignoreClosedPipes } = await import('./output/closed-pipe.ts')
const { runProgram } = await import('./program.ts')

ignoreClosedPipes()
try {
  process.exitCode = await runProgram(process.argv.slice(2))
} catch (error) {
  // What stands behind `--` is the command line of another program.
  const own = process.argv.slice(0, process.argv.indexOf('--') >>> 0)
  process.exitCode = reportFailure(error, own.includes('--json'))
}
