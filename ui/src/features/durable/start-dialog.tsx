import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextAreaField, TextField } from '@/components/field'
import { readAssignments } from '@/lib/assignments'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { usePreviewFunction, useStartFunction } from './queries'

interface Props {
  name: string
  onStarted: (id: string) => void
  onClose: () => void
}

/** Starts a durable function on the instance called name. */
export function StartDialog({ name, onStarted, onClose }: Props) {
  const [draft, setDraft] = useState({ function: '', role: '', label: '', database: '', variables: '' })
  const start = useStartFunction(name)
  const preview = usePreviewFunction(name)
  const answered = fieldMessages(start.error)
  const { values: variables, problem } = readAssignments(draft.variables)
  const change = (next: Partial<typeof draft>) => {
    setDraft({ ...draft, ...next })
    start.reset()
    preview.reset()
  }
  const role = draft.role && { role: draft.role }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!draft.function.trim() || problem !== undefined || start.isPending) return
    start.mutate(
      {
        function: draft.function,
        ...role,
        ...(draft.label && { label: draft.label }),
        ...(draft.database && { database: draft.database }),
        ...(Object.keys(variables).length > 0 && { variables }),
      },
      {
        onSuccess: ({ id }) => {
          toast(`Started ${id}`)
          onStarted(id)
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title="Start a durable function" onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <label htmlFor="durable-function" className="text-sm font-medium">
          Function
        </label>
        <textarea
          id="durable-function"
          rows={5}
          maxLength={500_000}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="'SELECT 1' ~> df.sleep(60) ~> 'SELECT 2'"
          aria-describedby="durable-function-note"
          value={draft.function}
          onChange={(event) => change({ function: event.target.value })}
          className="mt-1.5 w-full resize-y rounded-md border border-control bg-surface px-3 py-2 font-mono text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint"
        />
        <p id="durable-function-note" className="mb-4 text-sm text-ink-faint">
          A SQL expression as df.start takes it, texts in quotes.
        </p>
        <div className="grid gap-x-3 sm:grid-cols-2">
          <TextField
            label="Role"
            hint="Needs df.grant_usage; no superuser."
            autoComplete="off"
            maxLength={63}
            value={draft.role}
            onChange={(event) => change({ role: event.target.value })}
            error={answered.role}
          />
          <TextField
            label="Label"
            autoComplete="off"
            maxLength={200}
            value={draft.label}
            onChange={(event) => change({ label: event.target.value })}
            error={answered.label}
          />
          <TextField
            label="Database"
            hint="The extension’s own when empty."
            autoComplete="off"
            maxLength={63}
            value={draft.database}
            onChange={(event) => change({ database: event.target.value })}
            error={answered.database}
          />
        </div>
        <TextAreaField
          label="Variables"
          rows={2}
          spellCheck={false}
          placeholder="customer = 42"
          hint="One “name = value” a line, for {name} in its SQL. They are kept in clear: no secrets."
          value={draft.variables}
          onChange={(event) => change({ variables: event.target.value })}
          error={problem ?? answered.variables}
        />
        {preview.data && (
          <pre
            tabIndex={0}
            role="region"
            aria-label="What would be started"
            className="mt-3 max-h-40 overflow-auto rounded-lg border bg-sunken px-3 py-2 font-mono text-xs"
          >
            {preview.data.text}
          </pre>
        )}
        {preview.isError && <ErrorAlert error={preview.error} className="mt-3" />}
        {start.isError && !answered.role && <ErrorAlert error={start.error} />}
        <DialogActions>
          <Button onClick={onClose}>Close</Button>
          <Button
            disabled={!draft.function.trim() || preview.isPending}
            pending={preview.isPending}
            onClick={() => preview.mutate({ function: draft.function, ...role })}
          >
            Preview
          </Button>
          <Button
            type="submit"
            look="primary"
            disabled={!draft.function.trim() || problem !== undefined || start.isPending}
            pending={start.isPending}
          >
            Start function
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
