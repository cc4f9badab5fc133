import { CopyButton } from '@/components/copy-button'
import { Skeleton } from '@/components/skeleton'

interface Props {
  /** What it is, for the copy button and for tests. */
  what: string
  /** Absent while it is loaded. */
  text: string | undefined
}

/** Text to be copied as it is: a command, a file, an address. */
export function Snippet({ what, text }: Props) {
  return (
    <div className="flex min-h-10 items-center gap-2 rounded-lg border bg-sunken py-1 pr-1.5 pl-3">
      {text === undefined ? (
        <Skeleton className="h-4 w-3/4" />
      ) : (
        <>
          <pre className="min-w-0 flex-1 py-1 font-mono text-sm break-all whitespace-pre-wrap">
            <code data-testid={`connection-${what}`}>{text}</code>
          </pre>
          <CopyButton text={text} what={what} className="self-start hover:bg-line" />
        </>
      )}
    </div>
  )
}
