#!/usr/bin/env node
import { reportFailure } from './failure.ts'
import { ignoreClosedPipes } from './output/closed-pipe.ts'
import { runProgram } from './program.ts'

ignoreClosedPipes()
try {
  process.exitCode = await runProgram(process.argv.slice(2))
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--json'))
}
