/** Calls while `work` runs are one more run after it, however many they are. A rejection is for nobody to catch: it ends the process. */
export function oneAtATime(work: () => Promise<void>): () => void {
  let [isRunning, isAsked] = [false, false]
  const run = async (): Promise<void> => {
    isRunning = true
    while (isAsked) {
      isAsked = false
      await work()
    }
    isRunning = false
  }
  return () => {
    isAsked = true
    if (!isRunning) void run()
  }
}
