/**
 * The loop of the AI SDK's `generateText`, without the package: ask the model, run the tools that it calls, give it what
 * they returned, until it answers in words. `model.doGenerate` is what a provider gives; here a test's script does.
 */
export async function generateText({ model, tools, prompt, maxSteps = 8 }) {
  const messages = [{ role: 'user', content: prompt }];
  for (let step = 0; step < maxSteps; step++) {
    const { text, toolCalls = [] } = await model.doGenerate({ messages, tools: Object.keys(tools) });
    messages.push({ role: 'assistant', content: text ?? '', toolCalls });
    if (toolCalls.length === 0) return { text, steps: step + 1, messages };
    for (const { toolCallId, toolName, args } of toolCalls) {
      const tool = tools[toolName];
      const result = tool === undefined ? `There is no tool ${toolName}.` : await tool.execute(args);
      messages.push({ role: 'tool', toolCallId, toolName, content: result });
    }
  }
  throw new Error(`The model did not come to an end in ${maxSteps} steps.`);
}
