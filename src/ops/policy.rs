//! The two IAM policies that Palette's S3 backups want. Palette's older page has their contents swapped and leaves
//! `s3:ListBucket` out; here they stand as its current page has them, filled with the bucket's name.

/// An IAM policy to be pasted into AWS, or saved and given to `aws iam create-policy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name in Palette's documentation, such as `S3-Policy`.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub purpose: &'static str,
    /// A good name for its file.
    pub file: &'static str,
    /// The policy, JSON, with a line break at the end.
    pub text: String,
}

/// Not the name of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" cannot be the name of an S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or \
     digit at either end"
)]
pub struct BucketError(pub String);

const BUCKET: &str = "BUCKET";

/// Both policies for a bucket.
///
/// # Errors
/// Where the name cannot be one of a bucket, so that nothing else gets into a policy.
pub fn policies(bucket: &str) -> Result<[Policy; 2], BucketError> {
    let bucket = checked(bucket)?;
    Ok([
        Policy {
            name: "S3-Policy",
            purpose: "Lets the account of the backups read, list, write and delete in the bucket.",
            file: "s3-policy.json",
            text: include_str!("../../assets/iam/s3-policy.json").replace(BUCKET, bucket),
        },
        Policy {
            name: "EC2-Policy",
            purpose: "Lets it take and remove snapshots of volumes.",
            file: "ec2-policy.json",
            text: include_str!("../../assets/iam/ec2-policy.json").to_owned(),
        },
    ])
}

/// A bucket's name by the rules of S3 ("General purpose buckets naming rules").
fn checked(bucket: &str) -> Result<&str, BucketError> {
    let bucket = bucket.trim();
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = |byte: Option<u8>| byte.is_some_and(alphanumeric);
    let fits = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|byte| alphanumeric(byte) || byte == b'.' || byte == b'-')
        && ends(bucket.bytes().next())
        && ends(bucket.bytes().last())
        && !bucket.contains("..")
        && bucket.parse::<std::net::Ipv4Addr>().is_err();
    if fits { Ok(bucket) } else { Err(BucketError(crate::text::clean(bucket).into_owned())) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_policies_are_those_of_the_documentation_put_right() {
        let [s3, ec2] = policies("palette-backups").unwrap();
        let read = |policy: &Policy| serde_json::from_str::<Value>(&policy.text).unwrap();
        assert_eq!(
            read(&s3),
            json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket", "s3:DeleteObject", "s3:PutObject", "s3:AbortMultipartUpload",
                           "s3:ListMultipartUploadParts"],
                "Resource": ["arn:aws:s3:::palette-backups", "arn:aws:s3:::palette-backups/*"]
            }]})
        );
        assert_eq!(
            read(&ec2),
            json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Action": ["ec2:DescribeVolumes", "ec2:DescribeSnapshots", "ec2:CreateTags", "ec2:CreateVolume",
                           "ec2:CreateSnapshot", "ec2:DeleteSnapshot"],
                "Resource": "*"
            }]})
        );
        assert_eq!((s3.name, ec2.name), ("S3-Policy", "EC2-Policy"));
    }

    #[test]
    fn only_the_name_of_a_bucket_gets_into_a_policy() {
        for name in ["", "ab", "Bucket", "a_b", "-abc", "abc.", "a..b", "10.0.0.1", "x\",\"*", "*", &"a".repeat(64)] {
            assert!(policies(name).is_err(), "{name:?}");
        }
        assert!(policies(" my.bucket-1 ").unwrap()[0].text.contains("arn:aws:s3:::my.bucket-1/*"));
    }
}
