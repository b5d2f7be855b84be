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
  process.exitCode = reportFailure(error, process.argv.includes('--json'))
}
