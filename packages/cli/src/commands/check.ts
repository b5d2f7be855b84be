import { Command } from 'commander'
import { lintPolicy, type Finding } from '@sallyport/compile'
import { runPolicyTests, type Policy, type Position, type TestResult, type World } from '@sallyport/policy'
import { atOption, examples, feedOption, jsonOption } from '../input/options.ts'
import { readPolicy } from '../input/policy-files.ts'
import { parseTime } from '../input/time.ts'
import { readWorld } from '../input/world.ts'
import { countOf } from '../output/count-of.ts'
import { printJson, printLine } from '../output/print.ts'
import { printable, styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

type Options = { readonly json?: boolean; readonly at?: string; readonly feed: readonly string[] }

export function checkCommand(answer: Answer): Command {
  return new Command('check')
    .description("parse policies, look for mistakes, run the policies' own tests")
    .argument('<policy...>', 'policy files, each a layer')
    .addOption(jsonOption())
    .addOption(atOption())
    .addOption(feedOption())
    .addHelpText('after', examples('sallyport check policy.yaml', 'sallyport check org.yaml team.yaml --json'))
    .action(async (files: readonly string[], options: Options) => {
      const policy = await readPolicy(files)
      const world = await readWorld(options.feed, policy)
      answer(checkPolicy(policy, world, parseTime(options.at), options.json === true))
    })
}

function checkPolicy(policy: Policy, world: World, now: number, asJson: boolean): number {
  const findings = lintPolicy(policy, world, now)
  const tests = runPolicyTests(policy, world, now)
  const failed = tests.filter((test) => !test.passed)
  const ok = failed.length === 0 && findings.every((finding) => finding.severity !== 'error')
  if (asJson) printJson({ ok, findings, tests: tests.map(testFacts) })
  else printReport(policy, findings, tests, ok)
  return ok ? 0 : 1
}

function printReport(policy: Policy, findings: readonly Finding[], tests: readonly TestResult[], ok: boolean): void {
  for (const finding of findings) {
    const colour = ({ error: 'red', warning: 'yellow', info: 'dim' } as const)[finding.severity]
    printLine(
      `${finding.position === null ? 'policy' : place(finding.position)}: ${styled(colour, finding.severity)}: ${printable(finding.message)} [${finding.code}]`,
    )
  }
  for (const test of tests) {
    if (!test.passed)
      printLine(`${place(test.test.position)}: ${styled('red', 'test failed')}: ${printable(contrast(test))}`)
  }
  const rules = policy.layers.reduce((sum, layer) => sum + layer.rules.length, 0)
  const passed = tests.filter((test) => test.passed).length
  const parts = [
    countOf(policy.layers.length, 'layer'),
    countOf(rules, 'rule'),
    countOf(findings.length, 'finding'),
    tests.length === 0 ? 'no tests' : `${passed} of ${countOf(tests.length, 'test')} passed`,
  ]
  printLine(`${ok ? styled('green', 'ok') : styled('red', 'not ok')}: ${parts.join(', ')}`)
}

function testFacts({ test, passed, verdict }: TestResult): object {
  return { passed, position: test.position, expect: test.expect, rule: test.rule, verdict }
}

function contrast({ test, verdict }: TestResult): string {
  const expected = test.rule === null ? test.expect : `${test.expect} by ${test.rule}`
  return `expected ${expected}, but: ${verdict.explain}`
}

function place(position: Position): string {
  return `${printable(position.file)}:${position.line}:${position.column}`
}
