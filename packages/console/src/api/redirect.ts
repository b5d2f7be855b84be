/** An answer that leads the browser elsewhere. */
export class Redirect {
  readonly location: string
  readonly cookies: readonly string[]

  constructor(location: string, cookies: readonly string[]) {
    this.location = location
    this.cookies = cookies
  }
}
