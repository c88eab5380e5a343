/** Stands for a model: finds the invoice that the customer means, refunds it, and says what came of it. */
export const scriptedModel = {
  async doGenerate({ messages }) {
    const [{ content: prompt }] = messages;
    const last = messages.at(-1);
    if (last.role === 'user')
      return { toolCalls: [{ toolCallId: 'c_1', toolName: 'invoices_list', args: {} }] };
    if (last.toolName === 'invoices_list') {
      const customer = /from (.+?):/.exec(prompt)[1];
      const line = last.content.split(/(?=inv_)/).find((text) => text.includes(customer));
      const invoice_id = /inv_\w+/.exec(line ?? last.content)[0];
      const amount_cents = Number(/(\d+) cents/.exec(prompt)[1]);
      return {
        toolCalls: [{ toolCallId: 'c_2', toolName: 'payments_refund', args: { invoice_id, amount_cents } }],
      };
    }
    return { text: `To the customer: ${last.content}` };
  },
};
