// A page that waits for its egress in a browser that was launched ahead.
import { showError } from "./failure.ts";
import { rehearse } from "./rehearse.ts";

/** Waiting is what the recorder finds as window.waiting. */
export interface Waiting {
  /** rehearse does ahead what takes time once */
  rehearse(): Promise<void>;
  /** open shows what a page with this query shows; it answers that it has begun, and once only */
  open(query: string): string;
}

/** wait leaves it to the recorder when something is shown, and what. */
export function wait(show: (query: URLSearchParams) => Promise<void>): void {
  let begun = false;
  const waiting: Waiting = {
    rehearse,
    open(query) {
      if (begun) return "";
      begun = true;
      show(new URLSearchParams(query)).catch(showError);
      return "begun";
    },
  };
  Object.assign(window, { waiting });
}
