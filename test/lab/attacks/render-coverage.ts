import type { Attack, Outcome } from './attack.ts'
import { ELSEWHERE } from './elsewhere.ts'
import type { Evidence } from './evidence.ts'
import { POLICIES } from './policies.ts'
import type { Trials } from './try-everywhere.ts'

const INTRODUCTION = `# Attack coverage

Ways out that somebody may try, with the tools that are used for it, on an endpoint (\`sallyport up\`) and through a gateway
(\`sallyport gateway\`), and by an ordinary user's \`sallyport run\`. A test run writes this page (\`test/lab/attack-coverage.test.ts\`): each attempt is made without Sallyport first,
where it has to succeed, then under the rules named, with more than twice the time. In a cell stands what stopped it: the stage and the
reason of the verdict that was recorded ([reasons](reasons.md)), or what the tool was told. **Passes** is what gets out, and why. *Told as* is the alert that the
[detectors](detection.md) make of the flows that were recorded, as in a network that was recorded for four days. Techniques are those of [MITRE ATT&CK](https://attack.mitre.org/).

\`SALLYPORT_WRITE_COVERAGE=1 node --test test/lab/attack-coverage.test.ts\` writes the page anew.
`

/** The page, as the attempts turned out. */
export function renderCoverage(sections: Readonly<Record<string, readonly Attack[]>>, trials: Trials): string {
  const tables = Object.entries(sections).map(([title, attacks]) =>
    [
      `## ${title}\n`,
      row(['technique', 'attempt', 'tool', 'rules', 'endpoint', 'gateway', 'run']),
      row(Array.from({ length: 7 }, () => '---')),
      ...attacks.map((attack) => row(cells(attack, trials))),
    ].join('\n'),
  )
  return `${[INTRODUCTION, `${rules()}\n`, ...tables.map((table) => `${table}\n`), elsewhere()].join('\n')}\n`
}

function rules(): string {
  const policies = Object.entries(POLICIES).map(([name, { says, rules: list, notAtGateway }]) =>
    row([
      `\`${name}\``,
      [says, notAtGateway].filter((each) => each !== undefined).join('; '),
      list.map((rule) => `\`${rule}\``).join(' '),
    ]),
  )
  return ['## Rules\n', row(['name', 'what may leave', 'rules']), row(['---', '---', '---']), ...policies].join('\n')
}

function elsewhere(): string {
  const list = Object.entries(ELSEWHERE).map(([what, file]) => `- ${what}: \`${file}\``)
  return ['## Elsewhere\n', 'Tried by other tests, without tools of others:\n', ...list].join('\n')
}

function cells(attack: Attack, { endpoint, gateway, run }: Trials): readonly string[] {
  const { technique, what, tool, under } = attack
  return [
    technique,
    what,
    tool,
    `\`${under}\``,
    outcome(attack, attack.endpoint, endpoint.seen.get(attack)),
    outcome(attack, attack.gateway, gateway.seen.get(attack)),
    outcome(attack, attack.run, run.seen.get(attack)),
  ]
}

function outcome({ told }: Attack, expected: Outcome, seen: Evidence | undefined): string {
  if (expected.is === 'elsewhere') return `– (${expected.why})`
  const alert = told === undefined ? '' : `; told as \`${told}\``
  if (expected.is === 'passes') return `**passes**: ${expected.why}${alert}`
  return `stopped: ${expected.by ?? seen?.by.join('; ') ?? ''}${alert}`
}

function row(columns: readonly string[]): string {
  return `| ${columns.join(' | ')} |`
}
