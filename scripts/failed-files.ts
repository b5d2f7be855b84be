import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

/** Reporter of node:test: one line for each test file in which something failed. */
// oxlint-disable-next-line import/no-default-export -- node:test takes a reporter from nowhere else
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const seen = new Set<string>()
  for await (const event of events) {
    if (event.type !== 'test:fail' || isOnlyAWish(event.data.todo)) continue
    // `file` is where test() was called, which may be a module that several test files share.
    const file = event.data.entryFile ?? event.data.file
    if (file === undefined || seen.has(file)) continue
    seen.add(file)
    yield `${relative(process.cwd(), file)}\n`
  }
}

function isOnlyAWish(todo: string | boolean | undefined): boolean {
  return todo !== undefined && todo !== false
}
