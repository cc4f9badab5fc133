import type { SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'

import type { ParameterDraft } from './parameter-draft'
import { PlanPreview } from './plan-preview'
import { usePlannedUpdate } from './use-planned-update'

interface Props {
  name: string
  draft: ParameterDraft
  onDone: (operation: Schema<'Operation'> | undefined) => void
  onClose: () => void
}

/** Where changes of parameters are looked at together, and made. */
export function ParametersDialog({ name, draft, onDone, onClose }: Props) {
  const update = usePlannedUpdate(name, { parameters: { ...draft } })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    update.apply(onDone)
  }
  const refused = Object.entries(update.messages)
  return (
    <Dialog title={`Change the parameters of ${name}`} onClose={onClose}>
      <form onSubmit={submit}>
        <PlanPreview plan={update.plan} asking={!update.error} />
        {update.error && <ErrorAlert error={update.error} />}
        {refused.length > 1 && (
          <ul className="mt-2 list-disc pl-5 text-sm text-bad-ink">
            {refused.map(([field, message]) => (
              <li key={field} className="wrap-anywhere">
                {field.replace(/^parameters\./, '')} {message}
              </li>
            ))}
          </ul>
        )}
        <DialogActions>
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" look="primary" disabled={!update.ready} pending={update.pending}>
            Apply
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
