#include "support/testing.h"

#include "kernels/exp.h"

#include <math.h>

static void the_decoders_is_exact_to_the_last_bit_but_one(void **state)
{
    (void)state;
    for (int i = -10400; i <= 8872; i++) {
        float x = (float)i / 100, got = duet_exp(x);
        double want = exp((double)x);
        assert_true(fabs((double)got - want) <= want * 1.2e-7 + 1e-44);
        double sigmoid = 1 / (1 + exp(-(double)x));
        assert_true(fabs((double)duet_sigmoid(x) - sigmoid) <= sigmoid * 1.2e-7 + 1e-44);
    }
    assert_true(isnan(duet_exp(NAN)) && isnan(duet_sigmoid(NAN)));
    assert_true(duet_exp(-INFINITY) == 0 && isinf(duet_exp(INFINITY)));
    assert_true(duet_sigmoid(-INFINITY) == 0 && duet_sigmoid(INFINITY) == 1);
}

static void the_upsampling_kernels_is_near(void **state)
{
    (void)state;
    double most = 0;
    for (float x = -86.9f; x <= 0; x += 0.00037f)
        most = fmax(most, fabs((double)duet_exp_below(x) / exp((double)x) - 1));
    printf("# within %.2g of e^x\n", most);
    assert_true(most < 3e-7);
    assert_true(duet_exp_below(0) == 1);
    assert_true(duet_exp_below(-INFINITY) == duet_exp_below(-87) &&
                duet_exp_below(NAN) == duet_exp_below(-87));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_decoders_is_exact_to_the_last_bit_but_one),
        cmocka_unit_test(the_upsampling_kernels_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
