package io.sparse24.llm;

/**
 * Where the time of a training step went, in milliseconds on the device. The first three are of all
 * linear layers, the head's too; what is left of the step is attention, norms, the loss, and
 * waiting.
 *
 * @param forward Y = X Wᵀ
 * @param weightGradient dW = dYᵀ X: BWD-1 of SLoPe
 * @param inputGradient dX = dY W: BWD-2
 * @param optimizer the step of all parameters, with the new values of packed weights
 * @param step all of it, from the batch to the last value
 */
public record StepTimes(
    double forward, double weightGradient, double inputGradient, double optimizer, double step) {}
